// What CProcess.c and Guardian.c share: calls for a child between fork and exec. Async-signal-safe.
#pragma once
#include "CProcess.h"

// Returns 0, or -1 with errno.
int cprocess_become_user(const struct cprocess_user *user);

// Empties the bounding set; before a change of user, which takes the right to do so.
void cprocess_drop_capabilities(void);
