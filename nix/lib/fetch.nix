# One pinned package as a fixed-output path.
#
# Its output path follows from the file's name and SHA-256 alone: a mirror may
# change the .drv, never what is built from it. The front end seeds these paths
# from any mirror; plain Nix fetches them from the archive that keeps every
# version for ever.
{ suites }:
pin:
let
  # Store names know no `%` (the colon of an epoch) and no `~`.
  name = builtins.replaceStrings [ "%" "~" ] [ "-" "-" ] (baseNameOf pin.path);
  url = "https://snapshot.debian.org/archive/${suites.${pin.suite}.snapshot}/${pin.path}";
in
import ./download.nix {
  inherit name url;
  sha256 = pin.sha256;
}
