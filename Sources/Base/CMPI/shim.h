#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <mpi.h>

// Open MPI's handles are macros that cast addresses, which Swift does not import.

static inline MPI_Comm cmpi_comm_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Comm cmpi_comm_self(void) { return MPI_COMM_SELF; }

static inline MPI_Datatype cmpi_byte(void) { return MPI_BYTE; }
static inline MPI_Datatype cmpi_int16(void) { return MPI_INT16_T; }
static inline MPI_Datatype cmpi_int32(void) { return MPI_INT32_T; }
static inline MPI_Datatype cmpi_int64(void) { return MPI_INT64_T; }
static inline MPI_Datatype cmpi_float(void) { return MPI_FLOAT; }

static inline MPI_Op cmpi_sum(void) { return MPI_SUM; }
static inline MPI_Op cmpi_max(void) { return MPI_MAX; }
static inline MPI_Op cmpi_min(void) { return MPI_MIN; }

static inline MPI_Info cmpi_info_null(void) { return MPI_INFO_NULL; }
static inline MPI_Errhandler cmpi_errors_return(void) { return MPI_ERRORS_RETURN; }

/// A number that Swift cannot pass as the address it is cast to.
static inline void *cmpi_in_place(void) { return MPI_IN_PLACE; }

/// MPI_STATUS_IGNORE is a null address that the header marks as non-null.
static inline int cmpi_recv(void *buffer, int count, int source, int tag, MPI_Comm comm) {
    return MPI_Recv(buffer, count, MPI_BYTE, source, tag, comm, MPI_STATUS_IGNORE);
}

static inline int cmpi_sendrecv(
    const void *sent, int sent_count, int to, void *received, int received_count, int from,
    MPI_Comm comm) {
    return MPI_Sendrecv(
        sent, sent_count, MPI_BYTE, to, 0, received, received_count, MPI_BYTE, from, 0, comm,
        MPI_STATUS_IGNORE);
}

// User-level failure mitigation (ULFM): not in the headers of every MPI this is built with, so looked up
// in the one it runs with.

typedef int (*cmpi_revoke_function)(MPI_Comm);
typedef int (*cmpi_shrink_function)(MPI_Comm, MPI_Comm *);

static inline void *cmpi_lookup(const char *name, const char *older_name) {
    void *found = dlsym(RTLD_DEFAULT, name);
    return found ? found : dlsym(RTLD_DEFAULT, older_name);
}

/// Whether survivors of a rank's death can go on.
static inline int cmpi_can_shrink(void) {
    return cmpi_lookup("MPI_Comm_revoke", "MPIX_Comm_revoke") && cmpi_lookup("MPI_Comm_shrink", "MPIX_Comm_shrink");
}

/// Lets every call on `comm` fail, on all ranks. Only where `cmpi_can_shrink`.
static inline int cmpi_revoke(MPI_Comm comm) {
    return ((cmpi_revoke_function)cmpi_lookup("MPI_Comm_revoke", "MPIX_Comm_revoke"))(comm);
}

/// Makes a communicator of the ranks that live. Only where `cmpi_can_shrink`.
static inline int cmpi_shrink(MPI_Comm comm, MPI_Comm *smaller) {
    return ((cmpi_shrink_function)cmpi_lookup("MPI_Comm_shrink", "MPIX_Comm_shrink"))(comm, smaller);
}
