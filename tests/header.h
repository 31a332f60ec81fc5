// What most tests include, precompiled where QS_TEST_HEADER says so (cmake/quickset.cmake). Tests include
// what they use all the same: other builds have no precompiled header.
#ifndef QS_TESTS_HEADER_H
#define QS_TESTS_HEADER_H

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#endif
