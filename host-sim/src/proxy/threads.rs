//! The threads of the proxy: workers that share a listener, and one for ticks and the admin page; streams never move.

use std::{
    cell::RefCell,
    fmt, io,
    net::{SocketAddr, TcpListener as StdListener},
    rc::Rc,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    sync::{Notify, watch},
    task::{LocalSet, spawn_local},
};

use super::{
    Options, admin, connection,
    context::{Connected, Context, Life, Open, has_come_to},
    head::complete_head,
    pool::Pool,
};
use crate::{Error, Log, LogLevel, Worker, stats::Stats, world::Vms};

/// Envoy's default.
const FLUSH_INTERVAL: Duration = Duration::from_secs(5);

/// How often a thread looks whether its filter has set or changed a tick period.
const TICK_POLL: Duration = Duration::from_millis(100);

/// A running proxy. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    listen_addr: SocketAddr,
    admin_addr: SocketAddr,
    stats: Arc<Stats>,
    log: Arc<Log>,
    life: watch::Sender<Life>,
    open: Arc<watch::Sender<Open>>,
    threads: Vec<JoinHandle<()>>,
}

/// Why a proxy did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The filter refused its configuration, or crashed over it.
    Filter(Error),
    /// An address cannot be listened on.
    Listen {
        /// `listen` or `admin`.
        what: &'static str,
        /// The address as given.
        address: SocketAddr,
        /// What the operating system says.
        reason: io::Error,
    },
    /// A thread could not be made.
    Thread(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Filter(error) => error.fmt(f),
            StartError::Listen { what, address, reason } => {
                write!(f, "cannot listen on {address} ({what} address): {reason}")
            }
            StartError::Thread(reason) => write!(f, "cannot start a thread: {reason}"),
        }
    }
}

impl std::error::Error for StartError {}

impl Server {
    /// Starts all VMs, binds both addresses, and serves from threads of its own.
    ///
    /// # Errors
    /// Nothing runs after an error. See [`StartError`].
    pub fn start(options: Options) -> Result<Server, StartError> {
        let (listener, listen_addr) = bind("listen", options.listen)?;
        let (admin, admin_addr) = bind("admin", options.admin)?;
        let flush_interval = options.world.flush_interval.unwrap_or(FLUSH_INTERVAL);
        let vms = Vms::start(&options.filter, options.world, Some(complete_head))
            .map_err(StartError::Filter)?;
        let (life, seen) = watch::channel(Life::Serving);
        let open = Arc::new(watch::Sender::new(Open::default()));
        let mut server = Server {
            listen_addr,
            admin_addr,
            stats: Arc::clone(&vms.services.stats),
            log: Arc::clone(&vms.services.log),
            life,
            open: Arc::clone(&open),
            threads: Vec::new(),
        };
        let (stats, main, life) = (Arc::clone(&server.stats), vms.main, seen.clone());
        server.spawn(main.name().to_string(), move |runtime| {
            run(runtime, run_main(main, admin, stats, flush_interval, life));
        })?;
        for worker in vms.workers {
            let listener = listener.try_clone().map_err(StartError::Thread)?;
            let (pool, timeout) = (Pool::new(options.upstream.clone()), options.timeout);
            let request_headers_timeout = options.request_headers_timeout;
            let recorder = options.recorder.clone();
            let lower = |protocol: &String| protocol.to_ascii_lowercase();
            let upgrades = options.upgrades.iter().map(lower).collect();
            let route_name = options.route_name.clone();
            let (life, open) = (seen.clone(), Arc::clone(&open));
            open.send_modify(|open| open.listeners += 1);
            server.spawn(worker.name().to_string(), move |runtime| {
                let worker = Rc::new(RefCell::new(worker));
                let progress = Rc::default();
                let context = Context {
                    worker,
                    pool,
                    route_name,
                    timeout,
                    request_headers_timeout,
                    recorder,
                    upgrades,
                    progress,
                    life,
                    open,
                };
                run(runtime, run_worker(context, listener));
            })?;
        }
        Ok(server)
    }

    /// Where clients connect.
    #[must_use]
    pub fn listen_addr(&self) -> SocketAddr {
        self.listen_addr
    }

    /// Where `/stats/prometheus`, `/stats` and `/ready` are.
    #[must_use]
    pub fn admin_addr(&self) -> SocketAddr {
        self.admin_addr
    }

    /// The stats of all VMs, without going over the network.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// What the VMs and the proxy wrote.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The same log, to be read after [`Server::stop`].
    #[must_use]
    pub fn shared_log(&self) -> Arc<Log> {
        Arc::clone(&self.log)
    }

    /// Connections of clients that are open.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.open.borrow().connections
    }

    /// Refuses new connections from now on, and waits until those that are open are closed.
    ///
    /// Requests that are under way go on, and their connections end with them; idle connections are closed. Ticks go on,
    /// and `/ready` answers 503. To wait no longer than some time is up to the caller, and [`Server::stop`] ends the rest.
    pub async fn drain(&self) {
        self.life.send_if_modified(|life| {
            let begins = *life == Life::Serving;
            if begins {
                *life = Life::Draining;
            }
            begins
        });
        let mut open = self.open.subscribe();
        // The sender lives as long as this does.
        let _ = open.wait_for(|&open| open == Open::default()).await;
    }

    /// Closes the listeners, cuts what is open, and ends the root contexts of every VM.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // Without receivers the threads are gone already.
        let _ = self.life.send(Life::Stopped);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }

    fn spawn(
        &mut self,
        name: String,
        body: impl FnOnce(Runtime) + Send + 'static,
    ) -> Result<(), StartError> {
        let runtime =
            Builder::new_current_thread().enable_all().build().map_err(StartError::Thread)?;
        let thread = thread::Builder::new().name(name).spawn(move || body(runtime));
        self.threads.push(thread.map_err(StartError::Thread)?);
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

fn run(runtime: Runtime, future: impl Future<Output = ()>) {
    LocalSet::new().block_on(&runtime, future);
}

fn bind(what: &'static str, address: SocketAddr) -> Result<(StdListener, SocketAddr), StartError> {
    let fail = |reason| StartError::Listen { what, address, reason };
    let listener = StdListener::bind(address).map_err(fail)?;
    listener.set_nonblocking(true).map_err(fail)?;
    let bound = listener.local_addr().map_err(fail)?;
    Ok((listener, bound))
}

async fn run_main(
    main: Worker,
    admin: StdListener,
    stats: Arc<Stats>,
    flush_interval: Duration,
    life: watch::Receiver<Life>,
) {
    let main = Rc::new(RefCell::new(main));
    let ticks = spawn_local(tick(Rc::clone(&main), Rc::default()));
    let flushed = Arc::clone(&stats);
    let flushes = spawn_local(async move {
        loop {
            tokio::time::sleep(flush_interval).await;
            flushed.flush();
        }
    });
    match TcpListener::from_std(admin) {
        Ok(admin) => tokio::select! {
            () = admin::serve(admin, stats, life.clone()) => {}
            () = has_come_to(&life, Life::Stopped) => {}
        },
        Err(error) => note(&main, &error.to_string()),
    }
    ticks.abort();
    flushes.abort();
    end(&main);
}

async fn run_worker(context: Context, listener: StdListener) {
    let worker = Rc::clone(&context.worker);
    let ticks = spawn_local(tick(Rc::clone(&worker), Rc::clone(&context.progress)));
    let context = Rc::new(context);
    let (life, open) = (context.life.clone(), Arc::clone(&context.open));
    match TcpListener::from_std(listener) {
        // The listener is closed with the future that holds it.
        Ok(listener) => tokio::select! {
            () = accept(listener, context) => {}
            () = has_come_to(&life, Life::Draining) => {}
        },
        Err(error) => note(&worker, &error.to_string()),
    }
    open.send_modify(|open| open.listeners -= 1);
    has_come_to(&life, Life::Stopped).await;
    ticks.abort();
    end(&worker);
}

async fn accept(listener: TcpListener, context: Rc<Context>) {
    loop {
        match listener.accept().await {
            Ok((tcp, client)) => {
                let connected = Connected::new(&context.open);
                spawn_local(connection::serve(Rc::clone(&context), tcp, client, connected));
            }
            // Out of file descriptors, mostly: others will end.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Runs the ticks of one VM for as long as its thread lives.
async fn tick(worker: Rc<RefCell<Worker>>, progress: Rc<Notify>) {
    loop {
        let wait = worker.borrow().until_next_tick();
        tokio::time::sleep(wait.unwrap_or(TICK_POLL).min(TICK_POLL)).await;
        let ran = worker.borrow_mut().run_due_ticks();
        if std::mem::take(&mut worker.borrow_mut().acted) {
            progress.notify_waiters();
        }
        if let Err(error) = ran {
            note(&worker, &error.to_string());
        }
    }
}

fn end(worker: &Rc<RefCell<Worker>>) {
    let stopped = worker.borrow_mut().stop();
    if let Err(error) = stopped {
        note(worker, &error.to_string());
    }
}

fn note(worker: &Rc<RefCell<Worker>>, message: &str) {
    worker.borrow_mut().note(LogLevel::Error, message.to_string());
}
