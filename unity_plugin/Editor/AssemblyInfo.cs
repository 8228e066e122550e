using System.Reflection;
using System.Runtime.CompilerServices;

[assembly: AssemblyTitle("GhostHands.Editor")]
[assembly: AssemblyDescription("Windows and inspectors of GhostHands")]
[assembly: AssemblyVersion("0.1.0.0")]
[assembly: InternalsVisibleTo("GhostHands.LayerTests")]
