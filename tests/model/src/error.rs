mod store_error {
    include!(concat!(env!("OUT_DIR"), "/store_error.rs"));
}

pub(crate) use store_error::StoreError;
