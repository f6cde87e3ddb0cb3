#pragma once

#include <vector>

#include "geometry/point.h"

namespace geometry {

double length(const std::vector<Point>& points);

}  // namespace geometry
