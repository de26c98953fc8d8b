# `sh root.sh BASE ROOT`: what Node.js needs of the tree of its image, and no more: the program itself, the libraries of C and
# C++, and what tells a scanner which versions these are. Run on the platform of the builder, whatever that of BASE is.
set -eu
base=$1
root=$2
packages='gcc-[0-9]+-base|libatomic1|libc6|libgcc-s1|libstdc\+\+6'

mkdir -p "$root/etc" "$root/tmp" "$root/usr/local/bin" "$root/var/lib/dpkg"
chmod 1777 "$root/tmp"
cp "$base/usr/local/bin/node" "$root/usr/local/bin/"

# As dpkg lists them: the libraries with the loader and their licenses, but no converters of character sets.
find "$base/var/lib/dpkg/info" -name '*.list' | grep --extended-regexp "/($packages):[^/]*$" | xargs cat |
  grep --extended-regexp '/(lib|ld-)[^/]*\.so[.0-9]*$|/copyright$' | grep --invert-match /gconv/ | cut --characters=2- |
  tar --create --directory="$base" --files-from=- | tar --extract --directory="$root"
cp "$base/usr/lib/os-release" "$root/etc/"
awk -v RS= -v ORS='\n\n' -v wanted="^Package: ($packages)\n" '$0 ~ wanted' "$base/var/lib/dpkg/status" >"$root/var/lib/dpkg/status"

echo 'nonroot:x:65532:65532::/:/nonexistent' >"$root/etc/passwd"
echo 'nonroot:x:65532:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
