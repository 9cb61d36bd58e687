//! A server of others as a child: started, watched and ended by a thread of its own. It never outlives its handle.

use std::{
    fs::File,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context, Result};

const WATCH: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(crate) struct Process {
    id: u32,
    ended: Arc<Mutex<Option<ExitStatus>>>,
    /// Dropped to end the process.
    stop: Option<mpsc::Sender<()>>,
    watching: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts a program with what `arrange` adds to its command; what it says goes to the log.
    pub(crate) fn start(
        binary: &Path,
        log: &Path,
        arrange: impl FnOnce(&mut Command),
    ) -> Result<Process> {
        let log = File::create(log).with_context(|| format!("cannot create {}", log.display()))?;
        let mut command = command(binary);
        arrange(&mut command);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let ended = Arc::new(Mutex::new(None));
        let (started_sender, started) = mpsc::channel();
        let (stop, stopped) = mpsc::channel();
        let watching = thread::spawn({
            let ended = Arc::clone(&ended);
            move || match command.spawn() {
                Ok(mut child) => {
                    let _ = started_sender.send(Ok(child.id()));
                    watch(&mut child, &stopped, &ended);
                }
                Err(error) => {
                    let _ = started_sender.send(Err(error));
                }
            }
        });
        let id = started.recv().context("the thread that starts it has ended")?;
        let id = id.with_context(|| format!("cannot start {}", binary.display()))?;
        Ok(Process { id, ended, stop: Some(stop), watching: Some(watching) })
    }

    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&self) -> Option<ExitStatus> {
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(watching) = self.watching.take() {
            let _ = watching.join();
        }
    }
}

/// The program itself, under `setpriv` where that exists.
///
/// A server survives a test runner that is killed. `setpriv` asks the kernel to end it with the thread that
/// started it, which is why it has a thread of its own, as long-lived as the handle.
fn command(binary: &Path) -> Command {
    let setpriv = Path::new("/usr/bin/setpriv");
    if !setpriv.exists() {
        return Command::new(binary);
    }
    let mut command = Command::new(setpriv);
    // Ctrl-C in a terminal goes to a whole process group; ours decides itself when its servers end.
    command.process_group(0).args(["--pdeathsig", "KILL", "--"]).arg(binary);
    command
}

fn watch(child: &mut Child, stopped: &mpsc::Receiver<()>, ended: &Mutex<Option<ExitStatus>>) {
    while stopped.recv_timeout(WATCH) == Err(RecvTimeoutError::Timeout) {
        if let Ok(Some(status)) = child.try_wait() {
            *ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(status);
            return;
        }
    }
    let _ = child.kill();
    let _ = child.wait();
}
