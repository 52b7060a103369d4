#!/bin/bash
# Ends with 0 if the unit of this container is alive: what another unit lacks is no reason to replace this one. Not Node,
# whose start alone costs more than the unit does at rest.
# What a unit listens on by default differs by its kind.
: "${PORT:?is not set, and without it this check does not know where to ask}"
exec 3<>"/dev/tcp/127.0.0.1/$PORT" || exit 1
printf 'GET %s HTTP/1.0\r\n\r\n' "${1:-/health}" >&3
read -r _ status _ <&3
[[ $status == 200 ]] && exit
cat <&3
exit 1
