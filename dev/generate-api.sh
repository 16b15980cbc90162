#!/bin/sh
# Regenerates Sources/EtcdAPI/*.swift from Sources/EtcdAPI/etcd.proto.
#
# Needs protoc (Debian: protobuf-compiler). The two Swift plugins are built once, in release mode,
# from the package versions that Package.swift names, into .build/plugins (some minutes).
set -eu
cd "$(dirname "$0")/.."
api=Sources/EtcdAPI
tools=$PWD/.build/plugins
if [ ! -x "$tools/bin/protoc-gen-grpc-swift-2" ]; then
    mkdir -p "$tools"
    [ -d "$tools/src" ] || git clone -q --branch 2.4.1 https://github.com/grpc/grpc-swift-protobuf "$tools/src"
    for product in protoc-gen-grpc-swift-2 protoc-gen-swift; do
        swift build -c release --package-path "$tools/src" --product "$product"
    done
    mkdir -p "$tools/bin"
    cp "$tools"/src/.build/release/protoc-gen-swift "$tools"/src/.build/release/protoc-gen-grpc-swift-2 "$tools/bin/"
fi
options=Visibility=Package,UseAccessLevelOnImports=true,FileNaming=DropPath
protoc -I"$api" \
    --plugin="$tools/bin/protoc-gen-swift" --swift_out="$api" --swift_opt="$options" \
    --plugin="$tools/bin/protoc-gen-grpc-swift-2" --grpc-swift-2_out="$api" \
    --grpc-swift-2_opt="$options,Server=false,Client=true" \
    "$api/etcd.proto"
