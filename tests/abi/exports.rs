//! The exported functions as the source has them.

use std::fs;
use std::path::Path;

use syn::visit::Visit;

/// A function that C can call.
pub(crate) struct Export {
    pub(crate) name: String,
    /// Its body is nothing but one call of the guard, with a constant and a closure at most.
    pub(crate) guarded: bool,
    pub(crate) arguments: Vec<String>,
}

/// All of them, wherever in the source they stand.
pub(crate) fn all(root: &Path) -> Vec<Export> {
    let mut found = Vec::new();
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.extend(in_source(&fs::read_to_string(path).unwrap()));
            }
        }
    }
    found
}

pub(crate) fn in_source(source: &str) -> Vec<Export> {
    let mut found = Found::default();
    found.visit_file(&syn::parse_file(source).unwrap());
    found.0
}

#[derive(Default)]
struct Found(Vec<Export>);

impl<'ast> Visit<'ast> for Found {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if function.attrs.iter().any(exports) {
            self.0.push(Export {
                name: function.sig.ident.to_string(),
                guarded: guarded(&function.block),
                arguments: function.sig.inputs.iter().map(argument).collect(),
            });
        }
        syn::visit::visit_item_fn(self, function);
    }
}

/// `#[no_mangle]` or `#[export_name]`, with or without `unsafe(…)`.
fn exports(attribute: &syn::Attribute) -> bool {
    let text = match &attribute.meta {
        syn::Meta::Path(path) => text(path),
        syn::Meta::NameValue(pair) => text(&pair.path),
        syn::Meta::List(list) => format!("{}({}", text(&list.path), list.tokens),
    };
    ["no_mangle", "unsafe(no_mangle", "export_name", "unsafe(export_name"]
        .iter()
        .any(|it| text.starts_with(it))
}

fn text(path: &syn::Path) -> String {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>().join("::")
}

fn guarded(block: &syn::Block) -> bool {
    let [syn::Stmt::Expr(syn::Expr::Call(call), None)] = block.stmts.as_slice() else { return false };
    let syn::Expr::Path(function) = &*call.func else { return false };
    let doors = ["guard::fallible", "guard::value", "guard::peek", "guard::constant"];
    doors.contains(&text(&function.path).as_str()) && call.args.iter().all(harmless)
}

/// An argument that can't run anything before the guard does: a closure, or a value that is known.
fn harmless(argument: &syn::Expr) -> bool {
    match argument {
        syn::Expr::Closure(_) | syn::Expr::Lit(_) | syn::Expr::Path(_) => true,
        syn::Expr::Unary(negative) => harmless(&negative.expr),
        // `c"".as_ptr()` and `std::ptr::null()`.
        syn::Expr::MethodCall(call) => matches!(*call.receiver, syn::Expr::Lit(_)) && call.args.is_empty(),
        syn::Expr::Call(call) => {
            matches!(&*call.func, syn::Expr::Path(path) if text(&path.path) == "std::ptr::null")
        }
        _ => false,
    }
}

fn argument(argument: &syn::FnArg) -> String {
    match argument {
        syn::FnArg::Typed(typed) => match &*typed.ty {
            syn::Type::Ptr(_) => "*".to_owned(),
            syn::Type::Path(path) => text(&path.path),
            _ => "something else".to_owned(),
        },
        syn::FnArg::Receiver(_) => "self".to_owned(),
    }
}
