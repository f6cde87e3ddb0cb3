#!/usr/bin/env bash
# Write a header that defines the limits in a table.
set -euo pipefail
printf '#pragma once\n'
while read -r name value; do printf '#define %s %s\n' "$name" "$value"; done <"$1"
