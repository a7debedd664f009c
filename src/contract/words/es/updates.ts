import type { Reader, Words } from '../../detail.ts';
import type { UpdateWords } from '../type.ts';

const kept = 'No se instaló nada; esta versión sigue como está.';
const again = 'Inténtelo de nuevo mañana. Si sigue igual, mire en la página del proyecto si ha ocurrido algo con sus versiones, e instale a mano desde allí.';
const byPackage = 'Instálela con el gestor de paquetes, en un terminal.';
const byFinder = 'Abra este archivo en el Finder; macOS lo comprueba y pide permiso antes de instalar.';

export const updateFailures = {
  'update.off': () => ({
    what: 'Esta compilación no conoce ningún lugar donde buscar versiones más recientes, así que no busca.',
    next: 'Instale las versiones nuevas como instaló esta: con el gestor de paquetes o desde la página del proyecto.',
  }),
  'update.unreachable': (d: Reader) => ({
    what: `No se pudo leer el lugar donde están las versiones más recientes${d.because()}. ${kept}`,
    next: 'Compruebe que este equipo tiene acceso a Internet y busque de nuevo.',
  }),
  'update.bad-signature': (d: Reader) => ({
    what: `La información recibida sobre versiones más recientes${d.aside('file')} no está firmada por los autores de esta aplicación. Se descartó. ${kept}`,
    next: `Quizá alguien la cambia por el camino, en esta red o en el propio lugar. ${again}`,
  }),
  'update.expired': (d: Reader) => ({
    what: `La información sobre versiones más recientes${d.aside('file')} es demasiado antigua para creerla. Se descartó. ${kept}`,
    next: `Compruebe primero que el reloj de este equipo es correcto. Quizá alguien retiene información más nueva. ${again}`,
  }),
  'update.older': (d: Reader) => ({
    what: `La información recibida sobre versiones más recientes${d.aside('file')} es más antigua que la que ya había. Se descartó. ${kept}`,
    next: `Quizá alguien quiere que tome una versión antigua con fallos conocidos. ${again}`,
  }),
  'update.damaged': (d: Reader) => ({
    what: `La información sobre versiones más recientes${d.aside('file')} no tiene sentido: faltan partes, están cambiadas o no van juntas. Se descartó. ${kept}`,
    next: again,
  }),
  'update.too-large': (d: Reader) => ({
    what: `Llegó más de lo que debía${d.aside('file')}. Se cortó y se descartó. ${kept}`,
    next: again,
  }),
  'update.wrong-hash': (d: Reader) => ({
    what: `El instalador recibido${d.aside('file')} no es el que firmaron los autores de esta aplicación. Se descartó. ${kept}`,
    next: `Quizá la descarga salió mal, o alguien lo cambió. Descárguelo otra vez. ${again}`,
  }),
  'update.record-damaged': (d: Reader) => ({
    what: `La nota de la propia aplicación sobre cómo debe ser la información nueva está dañada${d.at('path')}. No busca versiones más recientes, porque se le podría dar una antigua. ${kept}`,
    next: 'Instale la versión más reciente a mano desde la página del proyecto o con el gestor de paquetes. Después quite ese archivo; la aplicación empieza de nuevo.',
  }),
} satisfies Readonly<Record<string, (d: Reader) => Words>>;

export const updates: UpdateWords = {
  install: {
    deb: byPackage, rpm: byPackage, pkg: byFinder, dmg: byFinder,
    AppImage: 'Salga de la aplicación, ponga este archivo en el lugar del actual, permita su ejecución e inícielo.',
    exe: 'Abra este archivo en el explorador de archivos; Windows pide permiso antes de instalar.',
  },
  neverLooked: (version) => ({ what: `Esta es la versión ${version}. La aplicación no ha buscado una más reciente.`, next: 'Busca cuando se le pide, o una vez al día si se le permite.' }),
  newest: (version) => ({ what: `Esta es la versión ${version}, la más reciente que se encontró.`, next: 'No hay que hacer nada.' }),
  checking: { what: 'Se busca una versión más reciente…', next: 'Tarda unos segundos.' },
  available: (version) => ({ what: `Se puede descargar la versión ${version}. Está firmada por los autores de esta aplicación.`, next: 'Se comprueba otra vez cuando llega, y no se instala nada sin usted.' }),
  downloading: (version) => ({ what: `Se está descargando la versión ${version}.`, next: 'Puede seguir usando la aplicación.' }),
  ready: (version) => `La versión ${version} está aquí y comprobada.`,
  refused: { what: 'Se rechazó la última búsqueda de una versión más reciente.', next: 'El motivo figura al lado.' },
};
