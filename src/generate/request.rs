//! What a video service is asked for: the command line and the record of a clip share these structs.

use clap::Args;
use serde::Serialize;
use std::path::PathBuf;
use std::str::FromStr;

/// Flags of a clip from a service.
#[derive(Clone, Debug, Args, Serialize)]
#[command(next_help_heading = "Service")]
pub struct ServiceRequest {
    /// Address of a service with the calls of /v1/videos, such as http://localhost:8091. Its key, if it needs one, is taken from
    /// the environment variable LOOP3D_ENGINE_KEY.
    #[arg(long = "engine", value_name = "URL", requires_all = ["prompt", "output"])]
    #[serde(rename = "address")]
    pub engine: Option<String>,
    /// Name of the model [default: the service's own].
    #[arg(long = "engine-model", value_name = "NAME", requires = "engine")]
    pub model: Option<String>,
    /// What the clips must not show [default: the service's own; the published text of Wan2.1].
    #[arg(long, value_name = "TEXT", requires = "prompt", help_heading = "Clips")]
    pub negative: Option<String>,
    /// Image that the clip begins with: PNG, JPEG or WebP.
    #[arg(long, value_name = "FILE", requires = "engine")]
    pub image: Option<PathBuf>,
    /// Length of the clip [default: the service's own].
    #[arg(long, value_name = "SECONDS", requires = "engine", value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub seconds: Option<u32>,
    /// Seed of all random choices [default: the service's own; 0].
    #[arg(long, value_name = "N", requires = "prompt", help_heading = "Clips")]
    pub seed: Option<u64>,
    /// Another field that the service takes, such as num_inference_steps=50; may be repeated.
    #[arg(long = "engine-field", value_name = "NAME=VALUE", requires = "engine")]
    pub fields: Vec<Field>,
    /// Longest wait for the clip, from the first call to the last byte.
    #[arg(
        long = "engine-timeout", value_name = "SECONDS", requires = "engine", default_value_t = 3600,
        value_parser = clap::value_parser!(u32).range(1..=86_400)
    )]
    #[serde(skip)]
    pub timeout_s: u32,
}

/// A field of a request: its name and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field(pub String, pub String);

impl FromStr for Field {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let field = text.split_once('=').filter(|(name, _)| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.[]".contains(&b))
        });
        let (name, value) = field.ok_or("expected NAME=VALUE, with a name of letters, digits and _")?;
        Ok(Self(name.to_owned(), value.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_a_name_and_a_value() {
        assert_eq!("num_frames=81".parse(), Ok(Field("num_frames".into(), "81".into())));
        assert_eq!("note=a=b".parse(), Ok(Field("note".into(), "a=b".into())));
        for bad in ["num_frames", "=81", "a b=1", "a\"=1"] {
            assert!(bad.parse::<Field>().is_err(), "{bad}");
        }
    }
}
