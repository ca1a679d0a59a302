#!/bin/sh
# The browser on the libraries that came with it, for a machine without NSS.
LD_LIBRARY_PATH="${0%/*}/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export LD_LIBRARY_PATH
exec "${0%/*}/chromium.sh" "$@"
