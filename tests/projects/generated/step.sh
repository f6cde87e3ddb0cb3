#!/usr/bin/env bash
# Write a source that needs a macro of its target, a header of another target, and a plain file.
printf '#include "config.inc"\n#include "step.h"\n\nint step(void) { return STEP_OF_SCALE * SCALE; }\n'
