# Tools that only some projects' build scripts call, each a part of its own, so
# that others do not download them. All run on the host.
#
# `tools.json` in each says which variables of the shell go with it.
{
  step,
  unpack,
  packages,
  libs,
  llvm,
  patchelf,
}:
let
  toolSet =
    {
      name,
      programs ? [ ],
      env ? { },
      path ? [ ],
      script ? "",
    }:
    let
      raw = unpack {
        name = "${name}-raw";
        debs = packages.set name;
      };
      built = step {
      inherit name programs raw;
      path = [ patchelf ] ++ path;
      passAsFile = [ "toolsJson" ];
      toolsJson = builtins.toJSON {
        version = 1;
        inherit env;
      };
      script = ''
        mkdir -p $out/bin $out/lib
        sed "s|@out@|$out|g" $toolsJsonPath > $out/tools.json
        # Their own libraries; what rustc and clang load as well is there.
        find $raw/usr/lib/x86_64-linux-gnu -maxdepth 1 -name '*.so.*' | while read -r so; do
          [ -e ${libs}/lib/$(basename $so) ] || cp -L $so $out/lib/
        done
        for program in $programs; do
          cp $raw/usr/bin/$program $out/bin/
        done
        chmod -R u+w $out
        for program in $programs; do
          patchelf --set-interpreter ${libs}/lib/ld-linux-x86-64.so.2 \
            --force-rpath --set-rpath $out/lib:${libs}/lib $out/bin/$program
        done
        ${script}
        rmdir $out/bin $out/lib 2> /dev/null || true
      '';
      };
    in
    # The variables are for other Nix code; everything else reads tools.json.
    {
      variables = builtins.mapAttrs (_: builtins.replaceStrings [ "@out@" ] [ "${built}" ]) env;
    }
    // built;
in
{
  # CMake finds its modules beside the folder that its program is in.
  cmake = toolSet {
    name = "cmake";
    programs = [
      "cmake"
      "ctest"
      "ninja"
    ];
    script = ''
      mkdir $out/share
      cp -r $raw/usr/share/cmake-* $out/share/
      $out/bin/cmake --version
      $out/bin/ninja --version
    '';
  };

  # bindgen loads the library into a build script, so that its own libraries
  # are found by an RPATH; it finds clang's headers beside itself.
  libclang = toolSet {
    name = "libclang";
    env.LIBCLANG_PATH = "@out@/lib";
    script = ''
      rm -f $out/lib/*
      cp -L $raw/usr/lib/llvm-22/lib/libclang-22.so.22 $out/lib/
      chmod u+w $out/lib/*
      patchelf --force-rpath --set-rpath ${libs}/lib $out/lib/libclang-22.so.22
      ln -s libclang-22.so.22 $out/lib/libclang.so
      ln -s ${llvm}/lib/clang $out/lib/clang
    '';
  };

  nasm = toolSet {
    name = "nasm";
    programs = [ "nasm" ];
    script = "$out/bin/nasm --version";
  };

  # Perl looks for its modules in folders that were named when it was built.
  perl = toolSet {
    name = "perl";
    programs = [ "perl" ];
    env.PERL5LIB = "@out@/lib/perl:@out@/lib/perl/base:@out@/share/perl";
    script = ''
      mkdir -p $out/lib/perl $out/share
      cp -r $raw/usr/lib/x86_64-linux-gnu/perl/5.40/. $out/lib/perl/
      cp -r $raw/usr/lib/x86_64-linux-gnu/perl-base $out/lib/perl/base
      cp -rL $raw/usr/share/perl/5.40 $out/share/perl
      chmod -R u+w $out
      # Of databases that are not here, for their licence and size.
      find $out/lib/perl -type d \( -name DB_File -o -name 'GDBM_File' -o -name '[ON]DBM_File' \) | xargs rm -rf
      rm -rf $out/lib/perl/CORE
      export PERL5LIB=$out/lib/perl:$out/lib/perl/base:$out/share/perl
      $out/bin/perl -MIPC::Cmd -MPOSIX -MTime::Piece -MDigest::SHA -MFile::Temp -e 'print "perl $^V\n"'
    '';
  };

  # `PROTOC_INCLUDE` is prost's name for protobuf's own messages.
  protoc = toolSet {
    name = "protoc";
    programs = [ "protoc" ];
    env = {
      PROTOC = "@out@/bin/protoc";
      PROTOC_INCLUDE = "@out@/include";
    };
    script = ''
      mkdir -p $out/include/google
      cp -r $raw/usr/include/google/protobuf $out/include/google/
      chmod -R u+w $out
      find $out/include -type f ! -name '*.proto' | xargs rm -f
      $out/bin/protoc --version
    '';
  };
}
