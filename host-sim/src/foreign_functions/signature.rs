//! The foreign functions `sign` and `verify_signature`, as Envoy's BoringSSL carries them out: RSA (PKCS #1 v1.5) and
//! ECDSA over the NIST curves. What is wrong with a key or a signature is said in the result, in Envoy's words.

mod hash;
mod keys;

use self::{
    hash::Hash,
    keys::{PrivateKey, PublicKey},
};
use crate::{
    protobuf::{self, Message},
    status::Status,
};

/// What the keys of [`sign`] and [`verify`] may be given as: DER, or PEM.
enum Given<'m> {
    Der(&'m [u8]),
    Pem(&'m str),
}

/// `SignArguments` to `SignResult`.
///
/// An ECDSA signature is the same for the same text and key (RFC 6979); Envoy's are not.
///
/// # Errors
/// A bad argument for what is no such message, or has no key or two.
pub(crate) fn sign(arguments: &[u8]) -> Result<Vec<u8>, Status> {
    let arguments = Message::read(arguments).ok_or(Status::BadArgument)?;
    let hash_name = arguments.text(1).ok_or(Status::BadArgument)?;
    let pem = arguments.text(4).ok_or(Status::BadArgument)?;
    let key = given(arguments.bytes(2), pem)?;
    let signed = signature(hash_name, &key, arguments.bytes(3));
    let mut result = Vec::new();
    match signed {
        Ok(signature) => {
            protobuf::write_true(&mut result, 1);
            protobuf::write_bytes(&mut result, 2, &signature);
        }
        Err(problem) => protobuf::write_bytes(&mut result, 3, problem.as_bytes()),
    }
    Ok(result)
}

/// `VerifySignatureArguments` to `VerifySignatureResult`.
///
/// # Errors
/// As [`sign`].
pub(crate) fn verify(arguments: &[u8]) -> Result<Vec<u8>, Status> {
    let arguments = Message::read(arguments).ok_or(Status::BadArgument)?;
    let hash_name = arguments.text(1).ok_or(Status::BadArgument)?;
    let pem = arguments.text(5).ok_or(Status::BadArgument)?;
    let key = given(arguments.bytes(2), pem)?;
    let verified = verification(hash_name, &key, arguments.bytes(3), arguments.bytes(4));
    let mut result = Vec::new();
    match verified {
        Ok(()) => protobuf::write_true(&mut result, 1),
        Err(problem) => protobuf::write_bytes(&mut result, 2, problem.as_bytes()),
    }
    Ok(result)
}

fn given<'m>(der: &'m [u8], pem: &'m str) -> Result<Given<'m>, Status> {
    match (der.is_empty(), pem.is_empty()) {
        (false, true) => Ok(Given::Der(der)),
        (true, false) => Ok(Given::Pem(pem)),
        _ => Err(Status::BadArgument),
    }
}

fn signature(hash_name: &str, key: &Given<'_>, text: &[u8]) -> Result<Vec<u8>, String> {
    let hash = Hash::named(hash_name).ok_or_else(|| format!("{hash_name} is not supported."))?;
    match PrivateKey::read(key) {
        None => Err("Invalid key type: private key required for signing operation.".into()),
        Some(PrivateKey::WithoutHash) => {
            Err("Invalid private key: key data is corrupted or malformed.".into())
        }
        Some(key) => key.sign(hash, text).ok_or_else(|| "Failed to create signature.".into()),
    }
}

fn verification(
    hash_name: &str,
    key: &Given<'_>,
    signature: &[u8],
    text: &[u8],
) -> Result<(), String> {
    let hash = Hash::named(hash_name).ok_or_else(|| format!("{hash_name} is not supported."))?;
    match PublicKey::read(key) {
        None | Some(PublicKey::WithoutHash) => Err("Failed to initialize digest verify.".into()),
        Some(key) if key.verifies(hash, text, signature) => Ok(()),
        Some(_) => Err("Failed to verify digest. Error code: 0".into()),
    }
}
