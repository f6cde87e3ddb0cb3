#pragma once

#include <vector>

#include "geometry/point.h"

namespace geometry {

std::vector<Point> square(double side);

}  // namespace geometry
