/* Prints the version of the header and that of the library. */
#include <abacus/version.h>
#include <stdio.h>

int main(void) {
  printf("%s %s\n", ABACUS_VERSION, abacus_version());
  return 0;
}
