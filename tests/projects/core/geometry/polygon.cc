#include "geometry/polygon.h"

#include <stdexcept>

namespace geometry {

std::vector<Point> square(double side) {
  if (side < 0) throw std::invalid_argument("a side cannot be negative");
  return {{0, 0}, {side, 0}, {side, side}, {0, side}, {0, 0}};
}

}  // namespace geometry
