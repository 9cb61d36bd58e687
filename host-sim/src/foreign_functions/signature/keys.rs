//! RSA keys and those of the NIST curves, in the forms that BoringSSL reads; it keeps none.

use ::p256::{
    elliptic_curve::ALGORITHM_OID as EC,
    pkcs8::{
        AssociatedOid as _, ObjectIdentifier, PrivateKeyInfoRef, SubjectPublicKeyInfoRef,
        der::{Decode as _, SliceReader},
    },
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use rsa::{
    PrivateKey as RsaPrivateKey, PublicKey as RsaPublicKey,
    pkcs1::{ALGORITHM_OID as RSA, DecodeRsaPrivateKey as _},
};
use sec1::EcPrivateKey;
use sha2::{Digest as _, Sha256};

use super::{Given, hash::Hash};

const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// Makes a DER signature of a digest.
type Sign = Box<dyn Fn(&[u8]) -> Option<Vec<u8>>>;

/// Tells whether a DER signature (second) is one of a digest (first).
type Verify = Box<dyn Fn(&[u8], &[u8]) -> bool>;

pub(super) enum PrivateKey {
    Rsa(Box<RsaPrivateKey>),
    Ec(Sign),
    /// Ed25519, which takes no hash, while Envoy always gives one.
    WithoutHash,
}

pub(super) enum PublicKey {
    Rsa(Box<RsaPublicKey>),
    Ec(Verify),
    /// Ed25519, which takes no hash, while Envoy always gives one.
    WithoutHash,
}

impl PrivateKey {
    /// PKCS #8; in PEM also PKCS #1 and SEC 1. What follows the key is not looked at.
    pub(super) fn read(given: &Given<'_>) -> Option<PrivateKey> {
        let text = match given {
            Given::Der(bytes) => return PrivateKey::from_pkcs8(bytes),
            Given::Pem(text) => text,
        };
        pem::parse_many(text).ok()?.iter().find_map(|block| match block.tag() {
            "PRIVATE KEY" => Some(PrivateKey::from_pkcs8(block.contents())),
            "RSA PRIVATE KEY" => Some(rsa_key(RsaPrivateKey::from_pkcs1_der(block.contents()))),
            "EC PRIVATE KEY" => Some(PrivateKey::from_sec1(block.contents())),
            _ => None,
        })?
    }

    fn from_pkcs8(bytes: &[u8]) -> Option<PrivateKey> {
        let info = PrivateKeyInfoRef::decode(&mut SliceReader::new(bytes).ok()?).ok()?;
        match info.algorithm.oid {
            RSA => rsa_key(RsaPrivateKey::try_from(info)),
            EC => {
                let key = EcPrivateKey::try_from(info.private_key.as_bytes()).ok()?;
                signer(info.algorithm.parameters_oid().ok()?, key.private_key)
            }
            ED25519 => Some(PrivateKey::WithoutHash),
            _ => None,
        }
    }

    fn from_sec1(bytes: &[u8]) -> Option<PrivateKey> {
        let key = EcPrivateKey::try_from(bytes).ok()?;
        signer(key.parameters?.named_curve()?, key.private_key)
    }

    /// `None` where there is no signature, as for a key that is too short for the hash.
    pub(super) fn sign(&self, hash: Hash, text: &[u8]) -> Option<Vec<u8>> {
        let digest = hash.of(text);
        match self {
            PrivateKey::Rsa(key) => key.sign(hash.padding(), &digest).ok(),
            PrivateKey::Ec(sign) => sign(&digest),
            PrivateKey::WithoutHash => None,
        }
    }
}

impl PublicKey {
    /// `SubjectPublicKeyInfo`, in DER or PEM. What follows the key is not looked at.
    pub(super) fn read(given: &Given<'_>) -> Option<PublicKey> {
        let text = match given {
            Given::Der(bytes) => return PublicKey::from_spki(bytes),
            Given::Pem(text) => text,
        };
        let blocks = pem::parse_many(text).ok()?;
        let block = blocks.iter().find(|block| block.tag() == "PUBLIC KEY")?;
        PublicKey::from_spki(block.contents())
    }

    fn from_spki(bytes: &[u8]) -> Option<PublicKey> {
        let info = SubjectPublicKeyInfoRef::decode(&mut SliceReader::new(bytes).ok()?).ok()?;
        match info.algorithm.oid {
            RSA => Some(PublicKey::Rsa(Box::new(RsaPublicKey::try_from(info).ok()?))),
            EC => {
                let point = info.subject_public_key.as_bytes()?;
                verifier(info.algorithm.parameters_oid().ok()?, point)
            }
            ED25519 => Some(PublicKey::WithoutHash),
            _ => None,
        }
    }

    pub(super) fn verifies(&self, hash: Hash, text: &[u8], signature: &[u8]) -> bool {
        let digest = hash.of(text);
        match self {
            PublicKey::Rsa(key) => key.verify(hash.padding(), &digest, signature).is_ok(),
            PublicKey::Ec(verify) => verify(&digest, signature),
            PublicKey::WithoutHash => false,
        }
    }
}

fn rsa_key<E>(key: Result<RsaPrivateKey, E>) -> Option<PrivateKey> {
    key.ok().map(|key| PrivateKey::Rsa(Box::new(key)))
}

macro_rules! curves {
    ($($module:ident $curve:ident),*) => {
        $(
            /// One curve's part; the crates of all have the same names.
            mod $module {
                use ::$module::ecdsa::{
                    Signature, SigningKey, VerifyingKey,
                    signature::hazmat::{PrehashVerifier as _, RandomizedPrehashSigner as _},
                };

                use super::{PrivateKey, PublicKey, nonces};

                pub(super) fn signer(secret: &[u8]) -> Option<PrivateKey> {
                    let key = SigningKey::from_slice(secret).ok()?;
                    let secret = secret.to_vec();
                    Some(PrivateKey::Ec(Box::new(move |digest| {
                        let digest = padded(digest);
                        let signed: Signature =
                            key.sign_prehash_with_rng(&mut nonces(&secret, &digest), &digest).ok()?;
                        Some(signed.to_der().as_bytes().to_vec())
                    })))
                }

                pub(super) fn verifier(point: &[u8]) -> Option<PublicKey> {
                    let key = VerifyingKey::from_sec1_bytes(point).ok()?;
                    Some(PublicKey::Ec(Box::new(move |digest, signature| {
                        let signature = Signature::from_der(signature);
                        signature.is_ok_and(|it| key.verify_prehash(&padded(digest), &it).is_ok())
                    })))
                }

                /// The same number in the curve's width, if it is shorter: the library refuses very short ones.
                fn padded(digest: &[u8]) -> Vec<u8> {
                    let width = ::$module::FieldBytes::default().len();
                    let zeros = width.saturating_sub(digest.len());
                    [&vec![0; zeros][..], digest].concat()
                }
            }
        )*

        fn signer(curve: ObjectIdentifier, secret: &[u8]) -> Option<PrivateKey> {
            match curve {
                $(::$module::$curve::OID => $module::signer(secret),)*
                _ => None,
            }
        }

        fn verifier(curve: ObjectIdentifier, point: &[u8]) -> Option<PublicKey> {
            match curve {
                $(::$module::$curve::OID => $module::verifier(point),)*
                _ => None,
            }
        }
    };
}

curves!(p224 NistP224, p256 NistP256, p384 NistP384, p521 NistP521);

/// Where the nonce of a signature comes from: from the key and the digest, so that it is as secret as the key, and a
/// test gets the same signature every time.
fn nonces(secret: &[u8], digest: &[u8]) -> ChaCha20Rng {
    ChaCha20Rng::from_seed(
        Sha256::new().chain_update(secret).chain_update(digest).finalize().into(),
    )
}
