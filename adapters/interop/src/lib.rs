#![doc = include_str!("../README.md")]

pub mod names;
pub mod password;
pub mod percent;
pub mod php;
pub mod python;
pub mod values;
