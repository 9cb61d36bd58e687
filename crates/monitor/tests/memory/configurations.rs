//! What a configuration takes of its VM's memory, while it is read and in force, against what it took of the account.

use driftline_monitor::{
    memory::{VM_BYTES, VmMemory},
    native::NativeHost,
    session::Session,
};
use driftline_support::uniform_profile;

use crate::{
    counting::{held, most_held, uncounted},
    quiet_host::QuietHost,
};

fn list(length: usize, item: impl Fn(usize) -> String) -> String {
    (0..length).map(item).collect::<Vec<_>>().join(",")
}

/// Configurations that are large in one way each.
fn large_ones() -> Vec<(&'static str, String)> {
    let profile = |name: String, features, bins| {
        let profile = uniform_profile::profile(features, bins).to_string();
        let profile = profile.replace(r#""model":"m""#, &format!(r#""model":"{name}""#));
        format!(r#"{{"name": "{name}", "profile": {profile}}}"#)
    };
    let by_hour = |features, bins| {
        let profile = uniform_profile::profile_by_hour(features, bins);
        format!(r#"{{"name": "m", "profile": {profile}}}"#)
    };
    let models = |items: String| format!(r#"{{"models": [{items}]}}"#);
    let long = |number: usize| format!("{number:064}");
    vec![
        ("the smallest one", models(r#"{"name": "m"}"#.into())),
        ("many bins", models(profile("m".into(), 100, 99))),
        ("many features", models(profile("m".into(), 256, 10))),
        ("many hours", models(by_hour(50, 20))),
        ("hours of many bins", models(by_hour(40, 100))),
        ("many profiles", models(list(30, |it| profile(format!("m{it}"), 10, 10)))),
        (
            "many KPIs",
            format!(
                r#"{{"feedback": {{}}, "models": [{}]}}"#,
                list(60, |it| uniform_profile::model_of_kpis(&format!("m{it}"), 8, 20).to_string())
            ),
        ),
        ("many models", models(list(64, |it| format!(r#"{{"name": "{}"}}"#, long(it))))),
        (
            "many routes and names",
            format!(
                r#"{{"models": [{{"name": "m-*"}}], "names_max": 500, "routes": [{}]}}"#,
                list(60, |it| format!(r#""{}-*""#, long(it)))
            ),
        ),
        (
            "many endpoints",
            format!(
                r#"{{"models": [{{"name": "m"}}], "endpoints": [{}]}}"#,
                list(64, |it| format!(r#"{{"path": "/{}/*", "dialect": "tgi"}}"#, long(it)))
            ),
        ),
        ("values that are none", format!(r#"{{"x": [{}]}}"#, list(200_000, |_| "0".into()))),
        ("fields that are none", format!("{{{}}}", list(20_000, |it| format!(r#""{it:05}": 0"#)))),
    ]
}

/// What a message of what is wrong takes, and what a host is asked on the way.
const MESSAGES_BYTES: usize = 32 << 10;

/// In a VM with so much room, reading the configuration takes no more, whether it is put in force or refused.
#[track_caller]
fn check_little_room(name: &str, host: &QuietHost<'_>, text_bytes: usize, room: usize) {
    let vm = VmMemory::new(room);
    let before = held();
    most_held();
    let session = Session::configure(host, &vm, text_bytes);
    let most = most_held() - before;
    assert!(most <= room + MESSAGES_BYTES, "{name}: {most} bytes in a room of {room}");
    drop(session);
    assert_eq!(vm.bytes_left(), room, "{name}");
}

#[test]
fn no_configuration_takes_more_than_it_took_of_the_account() {
    for (name, text) in large_ones() {
        let (host, vm) = (NativeHost::default(), VmMemory::default());
        *host.configuration.borrow_mut() = text.clone().into_bytes();
        let quiet = QuietHost(&host);
        let before = held();
        most_held();
        let session = Session::configure(&quiet, &vm, text.len());
        let (most, in_force) = (most_held() - before, held() - before);
        let taken = VM_BYTES - vm.bytes_left();
        println!(
            "{name}: {} bytes of text; {most} held while it was read, {in_force} in force, {taken} of the account",
            text.len()
        );
        if session.is_ok() {
            assert!(in_force <= taken, "{name}: {in_force} bytes, {taken} of the account");
        }
        drop(session);
        assert_eq!(vm.bytes_left(), VM_BYTES, "{name}");
        for share in [8, 4, 3, 2, 1] {
            check_little_room(name, &quiet, text.len(), most / share);
        }
        uncounted(|| drop(host));
    }
}

/// Rows by hour cost what they are said to, and no more than the account has for them.
#[test]
fn rows_by_hour_of_fifty_features_take_at_most_128_kib() {
    let in_force = |profile: String| {
        let text = format!(r#"{{"models": [{{"name": "m", "profile": {profile}}}]}}"#);
        let (host, vm) = (NativeHost::default(), VmMemory::default());
        *host.configuration.borrow_mut() = text.clone().into_bytes();
        let before = held();
        let session = Session::configure(&QuietHost(&host), &vm, text.len()).unwrap();
        let (in_force, taken) = (held() - before, VM_BYTES - vm.bytes_left());
        drop(session);
        uncounted(|| drop(host));
        (in_force, taken)
    };
    let (without, _) = in_force(uniform_profile::profile(50, 20).to_string());
    let (with, taken) = in_force(uniform_profile::profile_by_hour(50, 20).to_string());
    let by_hour = with - without;
    println!("{by_hour} bytes by hour of {with} in force, {taken} of the account");
    // Each number is there once, and what the text was is gone.
    assert!((50 * 24 * 21 * 4..=128 << 10).contains(&by_hour), "{by_hour}");
    assert!(with <= taken);
}
