#pragma once

namespace geometry {

struct Point {
  double x = 0;
  double y = 0;
};

}  // namespace geometry
