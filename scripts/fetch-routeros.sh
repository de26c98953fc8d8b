#!/usr/bin/env bash
# Downloads what the workflow `prove` was given: the image of a CHR as chr.img and, when there is one, the storage package as
# rose-storage.npk, into the folder $1. Nothing is kept whose checksum is another than was said. A .zip is unpacked.
# IMAGE, IMAGE_SHA256, PACKAGE and PACKAGE_SHA256 are addresses (https, or file) and checksums.
set -euo pipefail
folder="$1"
mkdir -p "$folder"
trap 'rm -f "$folder/download"' EXIT

# $1 address, $2 checksum, $3 pattern of the file in a .zip, $4 name here
fetch() {
  curl --fail --silent --show-error --location --proto =https,file --output "$folder/download" -- "$1"
  # One checksum and nothing else: sha256sum takes lines, of any file, and only warns of those that are none.
  [[ "$2" =~ ^[0-9a-fA-F]{64}$ ]] || { echo "\"$2\" is no SHA-256" >&2; return 1; }
  echo "$2  $folder/download" | sha256sum --check --quiet
  case "$1" in
    *.zip) unzip -p "$folder/download" "$3" > "$folder/$4" && rm "$folder/download" ;;
    *) mv "$folder/download" "$folder/$4" ;;
  esac
}

fetch "$IMAGE" "$IMAGE_SHA256" 'chr-*.img' chr.img
if test -n "${PACKAGE:-}"; then fetch "$PACKAGE" "${PACKAGE_SHA256:-}" 'rose-storage-*.npk' rose-storage.npk; fi
