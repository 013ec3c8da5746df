//! An OCI image layout: what `skopeo copy oci:`, and in a tar `podman load` and
//! `skopeo copy oci-archive:` read. [pure]
//!
//! Format: github.com/opencontainers/image-spec, `image-layout.md`,
//! `image-index.md`,
//! `manifest.md`, `config.md`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Contents, Image, Member, internal, tarball};
use crate::error::{Error, Kind, Result};
use crate::pins::Sha256;

/// One image of one layer with the members, its layout as a tar.
pub fn layout(contents: &Contents, image: &Image) -> Result<Vec<u8>> {
    tarball::tar(&files(&[(contents.clone(), image.clone())])?)
}

/// The files of a layout under one tag: of an image, or of several that a
/// runtime chooses from by the processor. All have the time and the tag of the
/// first.
///
/// # Errors
/// `Kind::Usage` where there is none.
pub fn files(images: &[(Contents, Image)]) -> Result<Contents> {
    let Some((first, Image { tag, .. })) = images.first() else {
        return Err(Error::new(Kind::Usage, "there is no image to write"));
    };
    let mut blobs = Vec::new();
    let mut descriptors = Vec::new();
    for (contents, image) in images {
        let manifest = manifest(contents, image, &mut blobs)?;
        let mut descriptor = manifest.descriptor();
        if images.len() > 1 {
            descriptor["platform"] = platform(image);
        }
        descriptors.push(descriptor);
        blobs.push(manifest);
    }
    let mut descriptor = match descriptors.pop() {
        Some(only) if descriptors.is_empty() => only,
        last => {
            descriptors.extend(last);
            let list = Blob::json(INDEX, &index(descriptors));
            let descriptor = list.descriptor();
            blobs.push(list);
            descriptor
        }
    };
    descriptor["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
    let mut members = vec![
        Member::new(
            "oci-layout",
            br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec(),
            false,
        )?,
        Member::new(
            "index.json",
            index(vec![descriptor]).to_string().into_bytes(),
            false,
        )?,
    ];
    // Images may share a layer.
    let blobs: BTreeMap<String, Blob> = blobs
        .into_iter()
        .map(|blob| (Sha256::of(&blob.bytes).to_hex(), blob))
        .collect();
    for (hash, blob) in blobs {
        members.push(Member::new(
            format!("blobs/sha256/{hash}"),
            blob.bytes,
            false,
        )?);
    }
    Contents::new(members, first.epoch)
}

/// The manifest of one image; what it names is added to the blobs.
fn manifest(contents: &Contents, image: &Image, blobs: &mut Vec<Blob>) -> Result<Blob> {
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
    if let Some(user) = &image.user {
        config["config"]["User"] = json!(user);
    }
    if !image.labels.is_empty() {
        config["config"]["Labels"] = json!(image.labels);
    }
    let config = Blob::json("application/vnd.oci.image.config.v1+json", &config);
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.descriptor(),
        "layers": [layer.descriptor()],
    });
    if !image.labels.is_empty() {
        manifest["annotations"] = json!(image.labels);
    }
    blobs.extend([layer, config]);
    Ok(Blob::json(MANIFEST, &manifest))
}

fn platform(image: &Image) -> Value {
    let mut platform = json!({ "architecture": image.architecture, "os": "linux" });
    if let Some(variant) = &image.variant {
        platform["variant"] = json!(variant);
    }
    platform
}

fn index(manifests: Vec<Value>) -> Value {
    json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests })
}

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
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
