# A static bash, for `nix develop` alone: nothing is built with it.
{
  step,
  unpack,
  packages,
}:
let
  raw = unpack {
    name = "bash-raw";
    debs = packages.set "bash";
  };
in
step {
  name = "bash";
  script = ''
    mkdir -p $out/bin
    cp ${raw}/usr/bin/bash-static $out/bin/bash
    $out/bin/bash --version
  '';
}
