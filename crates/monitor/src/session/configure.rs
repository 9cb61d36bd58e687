//! From the text that an operator wrote to a session, as far as the VM has room for it; no byte is copied that does not
//! fit.

use alloc::format;

use driftline_labels::Unmeasured;
use driftline_statistics::{
    document::{Path, Problems},
    fingerprint::Fingerprint,
};

use super::{Memory, Session};
use crate::{
    config::{CONFIG_BYTES_MAX, Config, ConfigError},
    host::{Host, LogLevel},
    memory::{ConfigurationBytes, NoRoom, VmMemory},
};

/// Why a configuration is not put in force.
enum Refusal {
    Wrong(ConfigError),
    NoRoom(NoRoom),
}

impl From<ConfigError> for Refusal {
    fn from(error: ConfigError) -> Refusal {
        Refusal::Wrong(error)
    }
}

impl From<NoRoom> for Refusal {
    fn from(no_room: NoRoom) -> Refusal {
        Refusal::NoRoom(no_room)
    }
}

impl Session {
    /// Reads the host's configuration, which has so many bytes, and makes it ready. Logs what is wrong with it, or what it
    /// watches.
    ///
    /// A proxy asks a VM of its own, in which nothing is in force, whether an update is good, and only that one can refuse
    /// it. So that VM refuses what the fullest one has no room for. One that has none all the same, because others were
    /// told of its memory too late, goes on without measuring the streams of this configuration.
    ///
    /// # Errors
    ///
    /// If the configuration cannot be understood, every problem at once; or if there is no room for it.
    pub fn configure(
        host: &impl Host,
        vm: &VmMemory,
        text_bytes: usize,
    ) -> Result<Session, ConfigError> {
        let error = match Session::try_configure(host, vm, text_bytes) {
            Ok(session) => return Ok(session),
            Err(Refusal::Wrong(error)) => error,
            Err(Refusal::NoRoom(no_room)) => {
                if vm.is_in_use()
                    && let Some(session) = Session::without_room(host, vm, no_room)
                {
                    return Ok(session);
                }
                ConfigError(Problems::of(&Path::ROOT, format_args!("{no_room}")))
            }
        };
        host.log(LogLevel::Error, &format!("driftline: {error}"));
        Err(error)
    }

    fn try_configure(
        host: &impl Host,
        vm: &VmMemory,
        text_bytes: usize,
    ) -> Result<Session, Refusal> {
        if CONFIG_BYTES_MAX < text_bytes {
            let found =
                format_args!("found {text_bytes} bytes, expected at most {CONFIG_BYTES_MAX}");
            return Err(ConfigError(Problems::of(&Path::ROOT, found)).into());
        }
        // Its text first: what reading it takes beyond that is known only once it is there.
        let of_text = vm.reserve_for_configuration(text_bytes)?;
        let text = host.configuration();
        let fingerprint = Fingerprint::new().with(&text);
        let was_in_use = vm.is_in_use();
        let check = |bytes| {
            if was_in_use { Ok(()) } else { vm.check_the_fullest(host, bytes, fingerprint) }
        };
        let reading = ConfigurationBytes::reading(&text);
        check(text_bytes.saturating_add(reading))?;
        let mut of_reading = vm.reserve_for_configuration(reading)?;
        let (config, series) = Config::from_json_with_series(&text)?;
        drop((text, of_text));
        let bytes = ConfigurationBytes::of(&config, series, text_bytes);
        of_reading.shrink(bytes.reading);
        check(bytes.reading.saturating_add(bytes.in_force))?;
        let in_force = Some(vm.reserve_for_configuration(bytes.in_force)?);
        let models = config.models.len();
        let memory = Memory { vm: vm.enter(fingerprint), _in_force: in_force, lacks_room: false };
        let session = Session::lay_out(host, config, memory);
        drop(of_reading);
        if was_in_use {
            session.tell_memory(host);
        }
        let message = format!(
            "driftline {}: watching {models} models in at most {series} series",
            env!("CARGO_PKG_VERSION"),
        );
        host.log(LogLevel::Info, &message);
        Ok(session)
    }

    /// A session of which all streams pass unmeasured, because this VM has no room for the configuration.
    fn without_room(host: &impl Host, vm: &VmMemory, no_room: NoRoom) -> Option<Session> {
        let mut config = Config::from_json(br#"{"models": [{"name": "m"}]}"#).ok()?;
        config.models.clear();
        let memory = Memory { vm: vm.enter(Fingerprint::new()), _in_force: None, lacks_room: true };
        let session = Session::lay_out(host, config, memory);
        session.with_buffer(host, |layout, buffer| buffer.shift(layout.common.without_room, 1));
        session.tell_memory(host);
        let message = format!(
            "driftline: no room for this configuration in one of the VMs, whose streams pass unmeasured (`{}`) until the \
             next update: {no_room}",
            Unmeasured::NoRoom.name(),
        );
        host.log(LogLevel::Error, &message);
        Some(session)
    }

    /// Ends the session, whose streams are over. Only once.
    pub fn close(&self, host: &impl Host) {
        if self.memory.lacks_room {
            self.with_buffer(host, |layout, buffer| buffer.shift(layout.common.without_room, -1));
        }
    }

    /// Tells the other VMs what is left of the memory of this one, and the operator how full the fullest is.
    ///
    /// A VM that is new first does so on a tick: the one that is only asked whether an update is good has none, and what
    /// it would tell is no VM's any more.
    pub(super) fn tell_memory(&self, host: &impl Host) {
        if let Some(most) = self.memory.vm.tell(host) {
            let most = u64::try_from(most).unwrap_or(u64::MAX);
            self.with_buffer(host, |layout, buffer| buffer.set(layout.common.vm_memory, most));
        }
    }
}
