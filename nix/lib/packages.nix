# Sets of pinned packages: the name of a set → a list of fixed-output paths.
let
  pins = builtins.fromJSON (builtins.readFile ../pins/packages.json);
  fetch = import ./fetch.nix { inherit (pins) suites; };
  unique =
    names:
    builtins.attrNames (
      builtins.listToAttrs (
        map (name: {
          inherit name;
          value = null;
        }) names
      )
    );
in
{
  inherit pins fetch;
  set = name: map (id: fetch pins.packages.${id}) pins.sets.${name};
  # Several sets, each package once.
  union =
    names:
    map (id: fetch pins.packages.${id}) (unique (builtins.concatMap (name: pins.sets.${name}) names));
  package = id: fetch pins.packages.${id};
  version = id: pins.packages.${id}.version;
}
