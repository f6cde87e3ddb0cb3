#pragma once

#include <string>

namespace geometry {

std::string describe(double length);

}  // namespace geometry
