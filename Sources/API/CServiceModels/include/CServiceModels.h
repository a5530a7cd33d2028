#pragma once

#include <stddef.h>

/// A file of proto/aws.
struct cservicemodels_file {
    /// Without .json.
    const char *name;
    const unsigned char *bytes;
    size_t byte_count;
};

/// The file of that name; NULL when there is none. It lasts as long as the program.
const struct cservicemodels_file *cservicemodels_find(const char *name);
