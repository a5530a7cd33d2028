#pragma once
#include "control.pb-c.h"
#include "record.pb-c.h"
