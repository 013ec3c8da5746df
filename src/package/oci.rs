//! An OCI image layout in a tar: what `podman load` and `skopeo copy
//! oci-archive:` read. [pure]
//!
//! Format: github.com/opencontainers/image-spec, `image-layout.md`,
//! `manifest.md`, `config.md`.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Contents, Image, Member, internal, tarball};
use crate::error::Result;
use crate::pins::Sha256;

/// One image of one layer with the members.
pub fn layout(contents: &Contents, image: &Image) -> Result<Vec<u8>> {
    let created = Timestamp::from_second(contents.epoch).map_err(internal)?;
    let layer = tarball::tar(contents)?;
    let diff_id = digest(&layer);
    let layer = Blob::new(
        "application/vnd.oci.image.layer.v1.tar+gzip",
        tarball::gzip(&layer)?,
    );
    let mut config = json!({
        "created": created.to_string(),
        "architecture": image.architecture,
        "os": "linux",
        "config": {},
        "rootfs": { "type": "layers", "diff_ids": [diff_id] },
        "history": [{ "created": created.to_string(), "created_by": "xbuild package" }],
    });
    if let Some(variant) = &image.variant {
        config["variant"] = json!(variant);
    }
    if let Some(entrypoint) = &image.entrypoint {
        config["config"]["Entrypoint"] = json!([format!("/{entrypoint}")]);
    }
    let config = Blob::json("application/vnd.oci.image.config.v1+json", &config);
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.descriptor(),
        "layers": [layer.descriptor()],
    });
    let manifest = Blob::json(MANIFEST, &manifest);
    let mut descriptor = manifest.descriptor();
    descriptor["annotations"] = json!({ "org.opencontainers.image.ref.name": image.tag });
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [descriptor],
    });
    let mut members = vec![
        Member::new(
            "oci-layout",
            br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec(),
            false,
        )?,
        Member::new("index.json", index.to_string().into_bytes(), false)?,
    ];
    for blob in [layer, config, manifest] {
        let path = format!("blobs/sha256/{}", Sha256::of(&blob.bytes));
        members.push(Member::new(path, blob.bytes, false)?);
    }
    tarball::tar(&Contents::new(members, contents.epoch)?)
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

struct Blob {
    media_type: &'static str,
    bytes: Vec<u8>,
}

impl Blob {
    fn new(media_type: &'static str, bytes: Vec<u8>) -> Self {
        Blob { media_type, bytes }
    }

    fn json(media_type: &'static str, value: &Value) -> Self {
        Blob::new(media_type, value.to_string().into_bytes())
    }

    fn descriptor(&self) -> Value {
        json!({
            "mediaType": self.media_type,
            "digest": digest(&self.bytes),
            "size": self.bytes.len(),
        })
    }
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", Sha256::of(bytes))
}
