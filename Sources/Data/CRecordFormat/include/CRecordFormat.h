#pragma once
#include "record.pb-c.h"
