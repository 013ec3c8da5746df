# The toolchains and runners of a project that has packages of Debian in its
# sysroot. `lock` is the path of what the front end writes down for one target
# of its `xbuild.lock`; only what stands in it decides what is made.
{ lock }: (import ./default.nix).project (builtins.fromJSON (builtins.readFile lock))
