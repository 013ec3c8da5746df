# A package of `xbuild release --derivation`, as the front end asks for it: a file
# of JSON with the arguments of buildPackage, `src` a folder of the project's
# source alone.
{ request }:
let
  asked = builtins.fromJSON (builtins.readFile request);
in
(import ./.).buildPackage (
  asked
  // {
    # By its contents, wherever the folder is.
    src = builtins.path {
      path = asked.src;
      name = "${asked.name}-source";
    };
  }
)
