#!/bin/sh
# Deploy a release candidate: fetch it, check it, make the final release of it, and publish that.
#
#     docs/deploy.sh NAME==CANDIDATE VERSION SOURCE DEST [WORK]
#     docs/deploy.sh abacus==3.12.0rc20260821 3.12.0 https://abacus.example/ @pypi
#
# SOURCE is the index of the candidates, and DEST where the final release goes, as for `release fetch --from` and
# `release publish --to`. A yanked candidate is refused. The records are kept in the folder WORK (by default deploy/).
# After any failure, the same command continues, on any machine: what is fetched is not fetched again, the promotion
# makes the same bytes, and what is published is not sent again. The exit code is that of the command that failed; of
# `publish`, 3 is partial, and 4 is not visible yet. SPOKESHAVE is the command (by default spokeshave).
set -eu

usage() {
    sed -n 's/^# \{0,1\}//; 2,5p' "$0" >&2
    exit 2
}

if [ $# -lt 4 ] || [ $# -gt 5 ]; then usage; fi
# Without its version, the same command would not continue with the same candidate later.
case $1 in *[!A-Za-z0-9._+!=-]* | *===*) usage ;; ?*==?*) ;; *) usage ;; esac
wanted=$1 version=$2 source=$3 destination=$4 work=${5:-deploy}
command=${SPOKESHAVE:-spokeshave}
name=${wanted%%==*}
candidate=$work/$name/${wanted#*==}
final=$work/$name/$version

"$command" release fetch "$wanted" --from "$source" --output "$candidate"
"$command" release check "$candidate"
"$command" release promote "$candidate" --version "$version" --output "$final"
"$command" release publish "$final" --to "$destination"
