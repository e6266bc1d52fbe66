//! Calls every function of the header with NULL for each of its pointers in turn, and for all at once, from a C program
//! written here from the prototypes.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use support::{Parameter, Prototype, compile_c, crate_dir, handles_out, header, prototypes, run, scratch};

/// Pointers that may be NULL; with any other, a function that returns a status must name the argument.
fn is_optional(function: &Prototype, parameter: &Parameter) -> bool {
    matches!(
        (function.name.as_str(), parameter.name.as_str()),
        (_, "error" | "notes")
            | ("trustdir_authority_renew_authority", "issuer")
            | ("trustdir_authority_crl" | "trustdir_authority_install_crl", "list")
            | ("trustdir_authority_directory_install_crl", "path")
            | ("trustdir_directory_install", "entry")
            | ("trustdir_directory_open_with_progress", "userdata")
            | ("trustdir_directory_remove", "removed")
            | ("trustdir_directory_unlimit", "taken")
            | (
                "trustdir_connection_on_revoked"
                    | "trustdir_acceptor_builder_set_key_log"
                    | "trustdir_acceptor_builder_on_decision"
                    | "trustdir_connector_builder_set_key_log",
                "userdata" | "userdata_free"
            )
            | ("trustdir_acceptor_builder_set_plain_http", "redirect_to")
    ) || parameter.name == "options" && parameter.ctype.starts_with("const")
}

/// Something valid to pass for a parameter: objects and data that the program's first part makes.
fn valid(parameter: &Parameter) -> String {
    let Parameter { ctype, name } = parameter;
    if let Some(handle) = ctype.strip_prefix("const trustdir_").and_then(|rest| rest.strip_suffix(" *const *")) {
        return format!("{handle}_list");
    }
    if ctype == "trustdir_slice *" {
        return "&a_slice".to_owned();
    }
    let handle = ctype.trim_start_matches("const ").strip_prefix("trustdir_");
    match (handle.and_then(|rest| rest.strip_suffix("**")), handle.and_then(|rest| rest.strip_suffix('*'))) {
        (Some("error "), _) => "&error".to_owned(),
        (Some(handle), _) => format!("&out_{}", handle.trim()),
        (None, Some(handle)) => format!("the_{}", handle.trim()),
        (None, None) => match ctype.as_str() {
            "const char *" if name.contains("path") || name == "dir" => format!("in_dir(\"{name}\")"),
            "const char *" => "\"CN=alice\"".to_owned(),
            "const char *const *" => "the_names".to_owned(),
            "const uint8_t *" => "the_bytes".to_owned(),
            "uint8_t *" => "the_room".to_owned(),
            "bool *" => "&a_bool".to_owned(),
            "size_t *" => "&a_size".to_owned(),
            "uint32_t *" => "&a_number".to_owned(),
            "void *" => "the_room".to_owned(),
            "bool" | "int32_t" | "uint8_t" | "uint32_t" | "int64_t" | "uint64_t" | "size_t" => "1".to_owned(),
            function if function.contains("(*)") && name == "progress" => "no_progress".to_owned(),
            function if function.contains("(*)") && name == "log" => "no_log".to_owned(),
            function if function.contains("(*)") && name == "tell" => "not_told".to_owned(),
            function if function.contains("(*)") => "nothing".to_owned(),
            other => panic!("what is a valid {other} for {name}?"),
        },
    }
}

fn call(function: &Prototype, is_null: impl Fn(&Parameter) -> bool) -> String {
    let arguments = function.parameters.iter().map(|parameter| {
        if parameter.is_pointer() && is_null(parameter) { "NULL".to_owned() } else { valid(parameter) }
    });
    format!("{}({})", function.name, arguments.collect::<Vec<_>>().join(", "))
}

/// Calls a function that returns a status, and checks which it is.
fn status_call(program: &mut String, function: &Prototype, what: &str, call: &str, check: &str) {
    writeln!(program, "    {{").unwrap();
    for handle in handles_out(function) {
        writeln!(program, "        trustdir_{handle} *out_{handle} = NULL;").unwrap();
    }
    writeln!(program, "        trustdir_status status = {call};").unwrap();
    writeln!(program, "        expect({check}, \"{}, {what}\");", function.name).unwrap();
    writeln!(program, "        trustdir_error_free(error);\n        error = NULL;").unwrap();
    for handle in handles_out(function) {
        writeln!(program, "        trustdir_{handle}_free(out_{handle});").unwrap();
    }
    writeln!(program, "    }}").unwrap();
}

fn exercise(program: &mut String, function: &Prototype) {
    let pointers: Vec<_> = function.parameters.iter().filter(|parameter| parameter.is_pointer()).collect();
    let all_null = call(function, |_| true);
    match function.returns.as_str() {
        "trustdir_status" if function.name == "trustdir_error_status" => {
            writeln!(program, "    expect({all_null} == TRUSTDIR_STATUS_OK, \"{all_null}\");").unwrap();
        }
        "trustdir_status" => {
            let null = "status == TRUSTDIR_STATUS_NULL_ARGUMENT";
            status_call(program, function, "all NULL", &all_null, null);
            for parameter in pointers {
                let name = &parameter.name;
                let call = call(function, |other| other.name == *name);
                let check = if is_optional(function, parameter) {
                    "status != TRUSTDIR_STATUS_NULL_ARGUMENT && status != TRUSTDIR_STATUS_PANIC".to_owned()
                } else {
                    format!("{null} && strcmp(trustdir_error_message(error), \"{name} is NULL\") == 0")
                };
                status_call(program, function, &format!("{name} NULL"), &call, &check);
            }
        }
        "void" => {
            assert!(function.name.ends_with("_free"), "{}", function.name);
            writeln!(program, "    {all_null};\n    passed++;").unwrap();
        }
        returns if pointers.is_empty() => {
            writeln!(program, "    {{ {returns} answer = {all_null}; (void)answer; passed++; }}").unwrap();
        }
        returns => {
            let check = match (function.name.as_str(), returns) {
                ("trustdir_error_message", _) => format!("strcmp({all_null}, \"\") == 0"),
                ("trustdir_removals_fd" | "trustdir_connection_deadline", _) => format!("{all_null} == -1"),
                ("trustdir_decision_reason", _) => format!("{all_null} == TRUSTDIR_REASON_NO_CERTIFICATE"),
                (_, "trustdir_slice") => format!("{all_null}.data == NULL && {all_null}.len == 0"),
                _ => format!("!{all_null}"),
            };
            writeln!(program, "    expect({check}, \"{}\");", function.name).unwrap();
            // With the object, and an index past any end where there is one.
            let mut call = call(function, |_| false);
            if function.parameters.last().is_some_and(|last| last.ctype == "size_t") {
                call = call.replace(", 1)", ", SIZE_MAX)");
            }
            writeln!(program, "    {{ {returns} answer = {call}; (void)answer; passed++; }}").unwrap();
        }
    }
}

#[test]
fn no_null_crashes_and_each_is_named() {
    let functions = prototypes(&header());
    assert!(functions.len() > 100, "only {} prototypes were read", functions.len());
    let mut program = fs::read_to_string(crate_dir().join("tests/objects.c")).unwrap();
    program.push_str("\nint main(int argc, char **argv)\n{\n    make_objects(argc, argv);\n");
    for function in &functions {
        exercise(&mut program, function);
    }
    program.push_str("    free_objects();\n    printf(\"%d passed, %d failed\\n\", passed, failed);\n");
    program.push_str("    return failed != 0;\n}\n");

    let dir = scratch("null");
    let source = dir.join("null.c");
    fs::write(&source, program).unwrap();
    let output = run(Command::new(compile_c(&source, &dir)).arg(&dir));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.lines().last().unwrap_or_default().ends_with(" passed, 0 failed"), "{text}");
}
