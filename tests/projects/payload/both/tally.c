#include "both/tally.h"

int tally(void) {
    static int count;
    return ++count;
}
