# Which floors a target has, and what each is made from.
#
# A request is {name, target, floor, base}: floor and base are null for musl,
# which has one more with C++: `TRIPLE-cxx`.
let
  minor = version: builtins.fromJSON (builtins.elemAt (builtins.match "2\\.([0-9]+)" version) 0);
  range = from: to: if from > to then [ ] else [ from ] ++ range (from + 1) to;
  underscore = builtins.replaceStrings [ "." ] [ "_" ];
  of =
    target: floor:
    let
      fits = builtins.filter (
        base: minor base.from <= minor floor && minor floor <= minor base.until
      ) target.glibc.bases;
    in
    {
      name = "${target.triple}-${underscore floor}";
      inherit target floor;
      base = builtins.head fits;
    };
  plain = target: {
    name = target.triple;
    inherit target;
    floor = null;
    base = null;
  };
  default =
    target: if target.libc == "glibc" then of target target.glibc.default else plain target;
  named = request: {
    inherit (request) name;
    value = request;
  };
in
{
  inherit default;
  # The attribute set of all requests; a bare triple is its default floor.
  requests =
    targets:
    builtins.listToAttrs (
      builtins.concatMap (
        target:
        [
          {
            name = target.triple;
            value = default target;
          }
        ]
        ++ (
          if target.libc != "glibc" then
            [
              (named (
                plain target
                // {
                  name = "${target.triple}-cxx";
                  cplusplus = true;
                }
              ))
            ]
          else
            builtins.concatMap (
              base: map (m: named (of target "2.${toString m}")) (range (minor base.from) (minor base.until))
            ) target.glibc.bases
        )
      ) (builtins.attrValues targets)
    );
}
