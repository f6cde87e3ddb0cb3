#include "geometry/text.h"

#include <sstream>

namespace geometry {

std::string describe(double length) {
  std::ostringstream text;
  text << length << " m";
  return text.str();
}

}  // namespace geometry
