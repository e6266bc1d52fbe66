//! Calls every function of the header with garbage: bytes that are cut short or altered, texts and numbers as nobody
//! means them. The C program is written here from the prototypes, so that no function is forgotten. Whatever comes of
//! it, nothing crashes, no call panics, and a failure has one line that says why.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use support::{Parameter, Prototype, compile_c_with, crate_dir, handles_out, header, prototypes, run, scratch};

/// What a length behind a pointer must be, so that the pointer is not the garbage: that is the caller's to promise.
enum Length {
    /// Any number: it is an index or a setting.
    Free,
    /// That of the bytes with this name.
    Bytes(String),
    /// Up to the room that there is.
    Room,
    /// Up to the number of elements.
    Count,
}

/// One argument, and what it says of the length after it.
fn argument(parameter: &Parameter, before: &Length) -> (String, Length) {
    let Parameter { ctype, name } = parameter;
    let handle = ctype.trim_start_matches("const ").strip_prefix("trustdir_").unwrap_or_default();
    let text = match ctype.as_str() {
        "size_t" => match before {
            Length::Free => "(size_t)some_number()".to_owned(),
            Length::Bytes(of) => format!("{of}.len"),
            Length::Room => "below(sizeof the_room + 1)".to_owned(),
            Length::Count => "count".to_owned(),
        },
        "const uint8_t *" => return (format!("{name}.data"), Length::Bytes(name.clone())),
        "uint8_t *" => return ("the_room".to_owned(), Length::Room),
        "const char *const *" => return ("some_names()".to_owned(), Length::Count),
        "const trustdir_slice *" => return ("some_slices()".to_owned(), Length::Count),
        list if list.ends_with("*const *") => {
            return (format!("{}_list", handle.trim_end_matches(" *const *")), Length::Count);
        }
        "trustdir_slice *" => "&a_slice".to_owned(),
        "const char *" if name.contains("path") || name == "dir" => "some_path()".to_owned(),
        "const char *" => "some_text()".to_owned(),
        "bool *" => "&a_bool".to_owned(),
        "size_t *" => "&a_size".to_owned(),
        "uint32_t *" => "&a_number".to_owned(),
        "void *" => "the_room".to_owned(),
        "bool" => "below(2) == 0".to_owned(),
        "int32_t" | "uint8_t" | "uint32_t" | "int64_t" | "uint64_t" => format!("({ctype})some_number()"),
        function if function.contains("(*)") => match name.as_str() {
            "progress" => "no_progress".to_owned(),
            "log" => "no_log".to_owned(),
            "tell" => "not_told".to_owned(),
            _ => "nothing".to_owned(),
        },
        "trustdir_error **" => "&error".to_owned(),
        out if out.ends_with("**") => format!("&out_{}", handle.trim_end_matches("**").trim()),
        one if one.ends_with('*') && !handle.is_empty() => format!("SOME(the_{})", handle.trim_end_matches('*').trim()),
        other => panic!("what is garbage for {other} {name}?"),
    };
    (text, Length::Free)
}

/// One call, in braces of its own.
fn call(program: &mut String, function: &Prototype) {
    writeln!(program, "    {{\n        size_t count = below(5);\n        (void)count;").unwrap();
    for parameter in function.parameters.iter().filter(|parameter| parameter.ctype == "const uint8_t *") {
        writeln!(program, "        trustdir_slice {} = some_bytes();", parameter.name).unwrap();
    }
    for handle in handles_out(function) {
        writeln!(program, "        trustdir_{handle} *out_{handle} = NULL;").unwrap();
    }
    let (mut arguments, mut length) = (Vec::new(), Length::Free);
    for parameter in &function.parameters {
        let (text, next) = argument(parameter, &length);
        arguments.push(text);
        length = next;
    }
    let call = format!("{}({})", function.name, arguments.join(", "));
    let handed: Vec<_> = handles_out(function).map(|handle| format!("out_{handle} != NULL")).collect();
    let handed = if handed.is_empty() { "false".to_owned() } else { handed.join(" || ") };
    match function.returns.as_str() {
        "trustdir_status" if function.parameters.last().is_some_and(|last| last.ctype == "trustdir_error **") => {
            writeln!(program, "        trustdir_status status = {call};").unwrap();
            writeln!(program, "        judge(status, {handed}, \"{}\");", function.name).unwrap();
        }
        "const char *" => writeln!(program, "        read_text({call});").unwrap(),
        "trustdir_slice" => writeln!(program, "        read_slice({call});").unwrap(),
        _ => writeln!(program, "        (void){call};\n        passed++;").unwrap(),
    }
    for handle in handles_out(function) {
        writeln!(program, "        trustdir_{handle}_free(out_{handle});").unwrap();
    }
    writeln!(program, "    }}").unwrap();
}

fn program() -> String {
    let part = |name: &str| fs::read_to_string(crate_dir().join("tests").join(name)).unwrap();
    let mut program = part("objects.c") + &part("garbage.c");
    program.push_str("\nstatic void call_everything(void)\n{\n");
    // To free an object twice is the caller's to avoid.
    let functions = prototypes(&header()).into_iter().filter(|function| !function.name.ends_with("_free"));
    functions.for_each(|function| call(&mut program, &function));
    program.push_str("}\n\nint main(int argc, char **argv)\n{\n    make_objects(argc, argv);\n");
    program.push_str("    make_garbage(argv[2]);\n    for (int i = 0; i < 8; i++) {\n        begin_round();\n");
    program.push_str("        call_everything();\n    }\n    free_objects();\n");
    program.push_str("    printf(\"%d passed, %d failed\\n\", passed, failed);\n    return failed != 0;\n}\n");
    program
}

#[test]
fn no_garbage_crashes_and_each_failure_says_why() {
    let dir = scratch("garbage");
    let source = dir.join("garbage.c");
    fs::write(&source, program()).unwrap();
    // It also tells what is leaked: the library's memory comes from the program's malloc.
    let flags = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"];
    let program = compile_c_with(&source, &dir, &flags);
    for seed in ["1", "20261121", "9223372036854775807"] {
        let here = dir.join(seed);
        fs::create_dir(&here).unwrap();
        let output = run(Command::new(&program).arg(&here).arg(seed));
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.lines().last().unwrap_or_default().ends_with(" passed, 0 failed"), "seed {seed}: {text}");
    }
}
