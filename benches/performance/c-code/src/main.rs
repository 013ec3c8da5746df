fn main() -> std::io::Result<()> {
    let packed = zstd::encode_all(&[7; 1000][..], 3)?;
    println!("{} bytes", packed.len());
    Ok(())
}
