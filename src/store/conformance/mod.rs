//! One suite of plain functions that every backend must pass.
