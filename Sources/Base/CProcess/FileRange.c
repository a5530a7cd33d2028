#define _GNU_SOURCE
#include "CProcess.h"

#include <unistd.h>

long cprocess_copy_range(int from, int to) {
    return (long)copy_file_range(from, NULL, to, NULL, (size_t)1 << 30, 0);
}
