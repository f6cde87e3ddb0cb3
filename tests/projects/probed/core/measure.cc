#include "measure/measure.h"

#include <algorithm>
#include <string>

long measure_length(const char *text) {
    const std::string bytes = text;
    return std::count_if(bytes.begin(), bytes.end(), [](char c) { return (c & 0xC0) != 0x80; });
}
