# The union of some .debs as one tree, with absolute links made relative so
# that the tree may stand anywhere.
{ step }:
{
  name,
  debs,
  script ? "",
}:
step {
  inherit name debs;
  script = ''
    mkdir "$out"
    for deb in $debs; do
      ar p "$deb" data.tar.xz | xz -dc | tar -x -C "$out" -f -
    done
    cd "$out"
    rm -rf usr/share/doc usr/share/man usr/share/lintian usr/share/locale usr/share/bug
    ${import ./relative-links.nix}
    ${script}
  '';
}
