#pragma once
#include "control.pb-c.h"
