# The table of targets: triple → facts, one JSON file a target, found by name.
let
  dir = ../targets;
  files = builtins.attrNames (builtins.readDir dir);
in
builtins.listToAttrs (
  map (file: rec {
    name = value.triple;
    value = builtins.fromJSON (builtins.readFile (dir + "/${file}"));
  }) files
)
