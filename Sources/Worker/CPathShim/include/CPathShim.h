#pragma once

// A library that is loaded before a program's own (LD_PRELOAD) where nothing can be mounted at /opt/ml: what the
// program opens, makes or starts by a path below /opt/ml is found below the folder that LOCKSTEP_OPT_ML names.
// Nothing links it; see ProgramRunner's PathLibrary.

/// Name of the variable that holds the folder.
#define LOCKSTEP_OPT_ML "LOCKSTEP_OPT_ML"
