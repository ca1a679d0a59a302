#!/bin/sh
# The browser on the machine's own libraries. The fonts beside it help out where there are none:
# without any, every text is zero pixels wide.
: "${FONTCONFIG_FILE:=${0%/*}/fonts.conf}"
export FONTCONFIG_FILE
exec "${0%/*}/chromium" "$@"
