// The precompiled header needs a file to come from.
#include "tests/header.h"
